import type { Camera, CameraInput } from '../../contracts/entities.ts';
import type { SettingsRepository } from '../../store/types.ts';
import type { CameraBook } from './camera-book.ts';

const OFFERED = 'demo.offered';

export interface DemoParts {
  readonly mode: 'auto' | 'on' | 'off';
  readonly book: CameraBook;
  readonly settings: SettingsRepository;
  readonly cameras: () => readonly CameraInput[];
  readonly changed: (change: 'created' | 'deleted', camera: Camera) => Promise<void>;
}

/**
 * Demo cameras come when they are asked for, or once by themselves when there is no camera at all, and leave with the
 * first real camera unless they were asked for. Their recordings stay until retention takes them.
 */
export async function syncDemo({ mode, book, settings, cameras, changed }: DemoParts): Promise<void> {
  const all = book.documents();
  const present = all.filter(({ origin }) => origin === 'demo');
  const real = all.length - present.length;
  const wanted = mode === 'on' || (mode === 'auto' && real === 0);
  if (!wanted) {
    for (const { id } of present) await changed('deleted', await book.remove(id));
    return;
  }
  if (present.length > 0) return;
  const first = await settings.setIfAbsent(OFFERED, true);
  if (mode === 'auto' && !first) return;
  for (const input of cameras()) {
    if (all.some(({ id }) => id === input.id)) continue;
    await changed('created', await book.create(input, 'demo'));
  }
}
