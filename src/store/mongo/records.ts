/** A record of simple values as a document: its id is the key. */
export type Flat<T extends { readonly id: string }> = Omit<T, 'id'> & { readonly _id: string };

export function flat<T extends { readonly id: string }>({ id, ...rest }: T): Flat<T> {
  return { _id: id, ...rest };
}

export function whole<T extends { readonly id: string }>({ _id, ...rest }: Flat<T>): T {
  return { id: _id, ...rest } as unknown as T;
}
