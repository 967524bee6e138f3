const MAX_LENGTH = 63;

/** A camera id made from a name: `Front door (north)` → `front-door-north`; `camera` when nothing of it can stay. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/ß/g, 'ss')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return slug === '' ? 'camera' : slug;
}

/** The slug, or the first of `slug-2`, `slug-3`, … that is free. */
export function freeSlug(name: string, taken: (id: string) => boolean): string {
  const slug = slugOf(name);
  if (!taken(slug)) return slug;
  for (let number = 2; ; number += 1) {
    const tail = `-${number}`;
    const id = slug.slice(0, MAX_LENGTH - tail.length) + tail;
    if (!taken(id)) return id;
  }
}
