type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What a PATCH means: objects are merged field by field, everything else is replaced, fields of `undefined` say nothing.
 * In a map of free names (`labels`) null removes the name.
 */
export function mergePatch(before: Fields, patch: Fields): Fields {
  const merged = { ...before };
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    const old = Object.hasOwn(before, name) ? before[name] : undefined;
    if (name === 'labels' && isObject(value)) merged[name] = mergeMap(isObject(old) ? old : {}, value);
    else merged[name] = isObject(value) && isObject(old) ? mergePatch(old, value) : value;
  }
  return merged;
}

const mergeMap = (before: Fields, patch: Fields): Fields =>
  Object.fromEntries(Object.entries({ ...before, ...patch }).filter(([, value]) => value !== null));
