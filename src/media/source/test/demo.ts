import { CameraInput } from '../../../contracts/entities.ts';

const SCENES = [
  { id: 'demo-yard', name: 'Demo: yard', fps: 12 },
  { id: 'demo-street', name: 'Demo: street', fps: 10 },
  { id: 'demo-gate', name: 'Demo: gate', fps: 10 },
];

/** The cameras of a node that has none of its own: drawn by the program, recorded and analysed like any other. */
export function demoCameras(): CameraInput[] {
  return SCENES.map(({ id, name, fps }) => {
    const scene = name.replace('Demo: ', '');
    return CameraInput.parse({
      id,
      name,
      url: `test://${scene}?width=640&height=360&fps=${String(fps)}`,
      subUrl: `test://${scene}?width=320&height=180&fps=5&audio=off`,
      retention: { continuousDays: 1, eventDays: 2 },
    });
  });
}
