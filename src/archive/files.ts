/** True for the error of a file that is not there, or whose node is not. */
export const isAway = (error: unknown): boolean => hasCode(error, 'ENOENT') || hasCode(error, 'EHOSTUNREACH');

/** True for an error of the system with this code, e.g. `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
