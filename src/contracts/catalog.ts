import { z } from 'zod';
import { defineContract, Nothing } from './define.ts';
import {
  Camera,
  CameraDocument,
  CameraId,
  CameraInput,
  CameraPatch,
  CameraStatus,
  EventRecord,
  list,
  ProbeResult,
  Time,
} from './entities.ts';

const ById = z.strictObject({ id: CameraId });
const csv = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').filter(Boolean) : value),
  z.array(z.string()).max(200),
);

/** Cameras and events: the facts, from the store. */
export const catalog = defineContract({
  name: 'catalog',
  kind: 'service',
  actions: {
    listCameras: {
      summary: 'Cameras that the caller may see',
      params: Nothing,
      result: list(Camera),
      access: 'live',
      resultCamera: 'id',
      rest: 'GET /cameras',
    },
    getCamera: {
      summary: 'One camera',
      params: ById,
      result: Camera,
      access: 'live',
      resultCamera: 'id',
      rest: 'GET /cameras/:id',
      camera: 'id',
    },
    createCamera: {
      summary: 'Add a camera',
      params: CameraInput,
      result: Camera,
      access: 'cameras.manage',
      rest: 'POST /cameras',
      status: 201,
    },
    updateCamera: {
      summary: 'Change a camera; nested objects are merged',
      params: CameraPatch.extend({ id: CameraId }),
      result: Camera,
      access: 'cameras.manage',
      resultCamera: 'id',
      rest: 'PATCH /cameras/:id',
      camera: 'id',
    },
    deleteCamera: {
      summary: 'Remove a camera; its recordings stay until retention takes them',
      params: ById,
      result: Nothing,
      access: 'cameras.manage',
      rest: 'DELETE /cameras/:id',
      camera: 'id',
      status: 204,
    },
    cameraStatus: {
      summary: 'What the camera does right now',
      params: ById,
      result: CameraStatus,
      access: 'live',
      resultCamera: 'id',
      rest: 'GET /cameras/:id/status',
      camera: 'id',
    },
    probeCamera: {
      summary: 'Try an address: what is there, what is wrong, what to do',
      params: z.strictObject({
        url: z.string().max(2048),
        username: z.string().max(256).nullable().optional(),
        password: z.string().max(256).nullable().optional(),
        /** Take the stored credentials of this camera when none are given. */
        camera: CameraId.optional(),
      }),
      result: ProbeResult,
      access: 'cameras.manage',
      rest: 'POST /cameras/probe',
    },
    listEvents: {
      summary: 'Events, newest first',
      params: z.strictObject({
        camera: csv.optional(),
        label: csv.optional(),
        sublabel: csv.optional(),
        zone: csv.optional(),
        text: z.string().max(200).optional(),
        from: Time.optional(),
        to: Time.optional(),
        minScore: z.coerce.number().min(0).max(1).optional(),
        limit: z.coerce.number().int().min(1).max(500).default(50),
        /** `next` of the page before. */
        cursor: z.string().max(200).optional(),
      }),
      result: list(EventRecord),
      access: 'events.view',
      resultCamera: 'camera',
      rest: 'GET /events',
    },
    getEvent: {
      summary: 'One event; 403 when its camera is not the caller’s',
      params: z.strictObject({ id: z.string().max(100) }),
      result: EventRecord,
      access: 'events.view',
      resultCamera: 'camera',
      rest: 'GET /events/:id',
    },
    updateEvent: {
      summary: 'Mark an event as reviewed, or name what it shows',
      params: z.strictObject({
        id: z.string().max(100),
        reviewed: z.boolean().optional(),
        sublabel: z.string().max(128).nullable().optional(),
      }),
      result: EventRecord,
      access: 'events.edit',
      resultCamera: 'camera',
      rest: 'PATCH /events/:id',
    },
    /** For services only: with credentials. */
    cameraDocuments: {
      summary: 'All cameras with credentials',
      params: Nothing,
      result: z.array(CameraDocument),
    },
  },
});
