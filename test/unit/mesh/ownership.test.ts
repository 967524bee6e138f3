import { openSqliteStore } from '../../../src/store/sqlite/store.ts';
import { ownershipConformance } from '../../support/conformance/ownership.ts';

ownershipConformance('sqlite', async () => {
  const store = await openSqliteStore(':memory:');
  return { bucket: store.keyValue('assignments'), close: () => store.close() };
});
