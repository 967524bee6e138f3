import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { keyValueConformance } from '../../../support/conformance/key-value.ts';

keyValueConformance('sqlite', async () => {
  const store = await openSqliteStore(':memory:');
  return { bucket: store.keyValue('test'), close: () => store.close() };
});
