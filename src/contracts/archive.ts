import { z } from 'zod';
import { defineContract, Nothing } from './define.ts';
import { CameraId, list, Recordings, Time, VolumeInfo } from './entities.ts';

const Range = z.strictObject({ camera: CameraId, from: Time, to: Time });

/** What was recorded, on this node's volumes and in the index. */
export const archive = defineContract({
  name: 'archive',
  kind: 'service',
  actions: {
    recordings: {
      summary: 'What was recorded in a range, the gaps and their causes, and the coverage',
      params: Range,
      result: Recordings,
      access: 'playback',
      resultCamera: 'camera',
      rest: 'GET /recordings',
      camera: 'camera',
    },
    coverage: {
      summary: 'Coverage of all cameras that the caller may see, per day',
      params: z.strictObject({ from: Time, to: Time }),
      result: list(
        z.strictObject({
          camera: CameraId,
          day: z.iso.date(),
          coverage: z.number().nullable(),
          recordedSeconds: z.number(),
          gapSeconds: z.number(),
        }),
      ),
      access: 'system.view',
      resultCamera: 'camera',
      rest: 'GET /coverage',
    },
    volumes: {
      summary: 'Volumes with their room',
      params: Nothing,
      result: list(VolumeInfo),
      access: 'system.view',
      rest: 'GET /volumes',
    },
  },
});
