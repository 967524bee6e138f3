import { MongoNetworkError, MongoServerError, MongoServerSelectionError } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../../src/store/errors.ts';
import { databaseOf, Failures } from '../../../../src/store/mongo/failures.ts';
import { openMongoStore } from '../../../../src/store/mongo/store.ts';

const url = 'mongodb://admin:p%40ssword@db1:27017,db2/catalog?replicaSet=rs0';
const failures = new Failures(url, 'catalog');
const serverError = (code: number, message = 'no') => new MongoServerError({ message, code });

describe('what MongoDB says', () => {
  it('tells a server that is away from data that is wrong', () => {
    for (const error of [
      new MongoNetworkError('reset'),
      serverError(10107),
      serverError(64),
      serverError(91),
    ]) {
      expect(failures.translate(error)).toBeInstanceOf(StoreUnavailableError);
    }
    expect(failures.translate(serverError(2, 'bad value'))).not.toBeInstanceOf(StoreUnavailableError);
    expect(failures.translate(serverError(2, 'bad value')).message).toBe('MongoDB: bad value');
  });

  it('says what to do about users and rights', () => {
    const refused = new MongoServerSelectionError('no server', { error: serverError(18) } as never);
    for (const error of [serverError(18), serverError(8000), refused]) {
      expect(failures.translate(error)).not.toBeInstanceOf(StoreUnavailableError);
      expect(failures.translate(error).message).toMatch(/db1:27017,db2 refuses the user or password/);
    }
    expect(failures.translate(serverError(13)).message).toMatch(/role readWrite on the database catalog/);
  });

  it('never names credentials', () => {
    const said = failures.translate(
      new MongoNetworkError(`${url} failed for p@ssword and p%40ssword`),
    ).message;
    expect(said).not.toMatch(/p@ssword|p%40ssword|admin/);
    expect(said).toContain('db1:27017,db2');
  });

  it('reads the name of the database', () => {
    expect(databaseOf(url)).toBe('catalog');
    expect(databaseOf('mongodb+srv://a:b@host/my%20db')).toBe('my db');
    expect(databaseOf('mongodb://host:1/?replicaSet=x')).toBeUndefined();
    expect(databaseOf('mongodb://host')).toBeUndefined();
  });

  it('refuses what is no connection string', async () => {
    await expect(openMongoStore('http://admin:topsecret@db1')).rejects.toThrow('not valid');
    const wrong = await openMongoStore('mongodb://admin:top/secret@db1').catch(String);
    expect(wrong).toMatch(/connection string is not valid/);
    expect(wrong).not.toContain('secret');
  });
});
