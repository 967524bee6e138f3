import type { Db, Filter } from 'mongodb';
import type { EventRecord } from '../../contracts/entities.ts';
import { foldText, leavesOf } from '../fold.ts';
import type { EventQuery, EventRepository } from '../types.ts';
import { type Keyed, type Upsert, upsertOne } from './upserts.ts';

/** What a person said about an event; laid over what the analysis says. */
interface Edits {
  readonly reviewed?: boolean;
  readonly sublabel?: string | null;
}

export interface EventDocument extends Keyed {
  readonly camera: string;
  readonly label: string;
  readonly sublabel: string | null;
  readonly score: number;
  readonly zones: readonly string[];
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number | null;
  /** Label and attributes, folded. */
  readonly words: readonly string[];
  readonly sublabelWord: string;
  /** What the analysis says, whole, as JSON text: names of attributes may have dots and dollars. */
  readonly document: string;
  readonly edits?: Edits;
  readonly editedWord?: string;
}

/** An event that has ended takes no more from an open one. */
export function eventUpsert(event: EventRecord): Upsert<EventDocument> {
  const fields = {
    camera: event.camera,
    label: event.label,
    sublabel: event.sublabel,
    score: event.score,
    zones: event.zones,
    start: Date.parse(event.start),
    end: event.end === null ? null : Date.parse(event.end),
    words: [event.label, ...leavesOf(event.attributes)].map(foldText),
    sublabelWord: foldText(event.sublabel ?? ''),
    document: JSON.stringify(event),
  };
  return event.end === null
    ? { id: event.id, only: { end: null }, update: { $set: fields } }
    : { id: event.id, update: { $set: fields } };
}

/** What two entries of one event are together, the older first. */
export const mergeEvents = (older: EventRecord, newer: EventRecord): EventRecord =>
  older.end !== null && newer.end === null ? older : newer;

const eventOf = ({ document, edits }: EventDocument): EventRecord => ({
  ...(JSON.parse(document) as EventRecord),
  ...edits,
});

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, (sign) => `\\${sign}`);

function filterOf(query: EventQuery): Filter<EventDocument> {
  const { cameras, labels, sublabels, zones, text, from, to, minScore, before } = query;
  const all: Filter<EventDocument>[] = [];
  if (cameras !== undefined) all.push({ camera: { $in: [...cameras] } });
  if (labels !== undefined) all.push({ label: { $in: [...labels] } });
  if (sublabels !== undefined) {
    const wanted = { $in: [...sublabels] };
    all.push({
      $or: [{ 'edits.sublabel': wanted }, { 'edits.sublabel': { $exists: false }, sublabel: wanted }],
    });
  }
  if (zones !== undefined) all.push({ zones: { $in: [...zones] } });
  if (text !== undefined) {
    const part = { $regex: escaped(foldText(text)) };
    all.push({
      $or: [
        { words: part },
        { editedWord: part },
        { 'edits.sublabel': { $exists: false }, sublabelWord: part },
      ],
    });
  }
  if (from !== undefined) all.push({ $or: [{ end: null }, { end: { $gt: from } }] });
  if (to !== undefined) all.push({ start: { $lt: to } });
  if (minScore !== undefined) all.push({ score: { $gte: minScore } });
  if (before !== undefined) {
    const { start, id } = before;
    all.push({ start: { $lte: start } }, { $or: [{ start: { $lt: start } }, { _id: { $lt: id } }] });
  }
  return all.length === 0 ? {} : { $and: all };
}

export function events(database: Db): EventRepository {
  const collection = database.collection<EventDocument>('events');
  return {
    save: (event) => upsertOne(collection, eventUpsert(event)),
    get: async (id) => {
      const found = await collection.findOne({ _id: id });
      return found === null ? undefined : eventOf(found);
    },
    find: async (query) => {
      if (query.limit <= 0) return [];
      const cursor = collection.find(filterOf(query)).sort({ start: -1, _id: -1 }).limit(query.limit);
      return (await cursor.toArray()).map(eventOf);
    },
    edit: async (id, { reviewed, sublabel }) => {
      const changes = {
        ...(reviewed !== undefined && { 'edits.reviewed': reviewed }),
        ...(sublabel !== undefined && {
          'edits.sublabel': sublabel,
          editedWord: foldText(sublabel ?? ''),
        }),
      };
      const found =
        Object.keys(changes).length === 0
          ? await collection.findOne({ _id: id })
          : await collection.findOneAndUpdate({ _id: id }, { $set: changes }, { returnDocument: 'after' });
      return found === null ? undefined : eventOf(found);
    },
    removeBefore: async (time, camera, limit) => {
      if (limit <= 0) return [];
      const of = camera === undefined ? {} : { camera };
      const found = await collection
        .find({ start: { $lt: time }, end: { $ne: null }, ...of })
        .sort({ start: 1, _id: 1 })
        .limit(limit)
        .toArray();
      await collection.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
      return found.map(eventOf);
    },
  };
}
