/** The cameras in the order that this browser chose; those it has not placed come after, as they came. */
export function ordered<T extends { readonly id: string }>(
  cameras: readonly T[],
  order: readonly string[],
): T[] {
  const rank = new Map(order.map((id, index) => [id, index]));
  const rankOf = ({ id }: T): number => rank.get(id) ?? order.length;
  return [...cameras].sort((a, b) => rankOf(a) - rankOf(b));
}

/** `id` put at the place of `target`; those between move up. */
export function moved(ids: readonly string[], id: string, target: string): string[] {
  const [from, to] = [ids.indexOf(id), ids.indexOf(target)];
  return from < 0 || to < 0 || from === to ? [...ids] : ids.toSpliced(from, 1).toSpliced(to, 0, id);
}
