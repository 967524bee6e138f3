/** How texts are compared when case does not matter: Unicode NFKC, lower case. */
export const foldText = (text: string): string => text.normalize('NFKC').toLowerCase();

/** The texts and numbers in a JSON value, at any depth. */
export function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(leavesOf);
}
