import type { Db } from 'mongodb';
import type { AuditRecord, AuditRepository, SessionRecord, SessionRepository } from '../types.ts';
import { userKey } from './documents.ts';
import { flat, type Flat, whole } from './records.ts';
import { upsertOne } from './upserts.ts';

type SessionDocument = Flat<SessionRecord> & { readonly userKey: string };

const sessionOf = (document: SessionDocument): SessionRecord => ({
  id: document._id,
  user: document.user,
  createdAt: document.createdAt,
  expiresAt: document.expiresAt,
  address: document.address,
  agent: document.agent,
});

/** Expired ones are swept by `removeExpired`, not by the server. */
export function sessions(database: Db): SessionRepository {
  const collection = database.collection<SessionDocument>('sessions');
  return {
    insert: async (record) => {
      await collection.insertOne({ ...flat(record), userKey: userKey(record.user) });
    },
    get: async (id, now) => {
      const found = await collection.findOne({ _id: id, expiresAt: { $gt: now } });
      return found === null ? undefined : sessionOf(found);
    },
    remove: async (id) => (await collection.deleteOne({ _id: id })).deletedCount === 1,
    removeOfUser: async (user, except) => {
      const others = except === undefined ? {} : { _id: { $ne: except } };
      return (await collection.deleteMany({ userKey: userKey(user), ...others })).deletedCount;
    },
    removeExpired: async (now) => (await collection.deleteMany({ expiresAt: { $lte: now } })).deletedCount,
  };
}

export function auditUpsert(record: AuditRecord) {
  const { _id, ...fields } = flat(record);
  return { id: _id, update: { $setOnInsert: fields } };
}

export function audit(database: Db): AuditRepository {
  const collection = database.collection<Flat<AuditRecord>>('audit');
  return {
    add: (record) => upsertOne(collection, auditUpsert(record)),
    list: async (limit, before) => {
      if (limit <= 0) return [];
      const filter = before === undefined ? {} : { _id: { $lt: before } };
      const found = await collection.find(filter).sort({ _id: -1 }).limit(limit).toArray();
      return found.map((document) => whole<AuditRecord>(document));
    },
    removeBefore: async (time) => (await collection.deleteMany({ time: { $lt: time } })).deletedCount,
  };
}
