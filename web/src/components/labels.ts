import type { GapCause } from '../../../src/contracts/entities.ts';

const COLOURS: Record<string, string> = {
  person: '#ff8a5c',
  face: '#ff8a5c',
  car: '#5cb8ff',
  truck: '#4d9be0',
  bus: '#7f9cf5',
  motorcycle: '#a78bfa',
  bicycle: '#b48ef0',
  dog: '#f5c04a',
  cat: '#f0a93b',
  bird: '#9ad36b',
  fire: '#ff4d4f',
  motion: '#8c97a3',
};
const OTHERS = ['#35d39a', '#e879b9', '#6dd5ed', '#c0ca6a'];

/** The colour of a label, the same everywhere. */
export function labelColour(label: string): string {
  const sum = Array.from(label).reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return COLOURS[label] ?? OTHERS[sum % OTHERS.length] ?? '#35d39a';
}

/** What the model that comes along knows, for the choice in forms; any other word may be typed too. */
export const COMMON_OBJECTS = [
  'person',
  'bicycle',
  'car',
  'motorcycle',
  'bus',
  'train',
  'truck',
  'boat',
  'bird',
  'cat',
  'dog',
  'horse',
  'sheep',
  'cow',
  'bear',
  'backpack',
  'umbrella',
  'handbag',
  'suitcase',
  'bottle',
  'laptop',
  'cell phone',
  'chair',
  'potted plant',
];

const CAUSES: Record<GapCause, string> = {
  camera_stalled: 'The camera stopped sending',
  camera_unreachable: 'The camera could not be reached',
  camera_unauthorized: 'The camera refused the password',
  camera_failed: 'The camera failed',
  reconnecting: 'Connecting again',
  node_down: 'The node was down',
  storage_full: 'No room on any volume',
  storage_slow: 'The storage was too slow',
  storage_failed: 'The storage failed',
  starting: 'Starting up',
  deleted: 'Removed by retention',
  unknown: 'Cause not known',
};

/** Why nothing was recorded, for a person. */
export const gapCause = (cause: GapCause): string => CAUSES[cause];
