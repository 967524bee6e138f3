export interface Credentials {
  readonly username: string | null;
  readonly password: string | null;
}

export const NO_CREDENTIALS: Credentials = { username: null, password: null };

export const hasCredentials = ({ username, password }: Credentials): boolean =>
  username !== null || password !== null;

/** An address without user and password, and what stood in it. */
export function splitCredentials(address: string): { url: string; found: Credentials } {
  const [, scheme = '', authority = '', rest = ''] = /^([a-z]+:\/\/)([^/?#]*)(.*)$/is.exec(address) ?? [];
  // The last @: cameras' own tools write passwords with an @ as they are.
  const at = authority.lastIndexOf('@');
  if (at < 0) return { url: address, found: NO_CREDENTIALS };
  const [username = '', ...password] = authority.slice(0, at).split(':');
  return {
    url: scheme + authority.slice(at + 1) + rest,
    found: {
      username: username === '' ? null : decode(username),
      password: password.length === 0 ? null : decode(password.join(':')),
    },
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A field that was not named keeps what was there; empty text and null remove it. */
export const replaced = (given: string | null | undefined, before: string | null): string | null => {
  if (given === undefined) return before;
  return given === '' ? null : given;
};
