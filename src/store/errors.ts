/**
 * The store does not answer, or could not promise that what it took is kept. What was asked may have been done or not:
 * ask again when it is back. The data is not to blame.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}
