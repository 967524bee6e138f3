import { SourceError } from '../../types.ts';

/** What a test camera shows and sends. */
export interface TestScene {
  /** Shown in the picture; scenes of the same name show the same at the same time, whatever their size. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Seconds between key frames. */
  readonly gopSeconds: number;
  readonly audio: boolean;
}

interface NumberRange {
  readonly otherwise: number;
  readonly least: number;
  readonly most: number;
}

const WIDTH: NumberRange = { otherwise: 640, least: 64, most: 1920 };
const HEIGHT: NumberRange = { otherwise: 360, least: 36, most: 1080 };
const FPS: NumberRange = { otherwise: 10, least: 1, most: 60 };
const GOP: NumberRange = { otherwise: 2, least: 0.1, most: 60 };
const KNOWN = ['width', 'height', 'fps', 'gop', 'audio'];

/**
 * Reads `test://<name>?width=640&height=360&fps=10&gop=2&audio=on`; all parameters may be left out.
 *
 * @throws SourceError `bad_url` that names what is wrong
 */
export function parseTestAddress(text: string): TestScene {
  const match = /^\s*test:\/\/([^/?#]*)[^?#]*(?:\?([^#]*))?/i.exec(text);
  const name = decode(match?.[1] ?? '').trim();
  if (match === null || name === '') throw bad('a test address is test:// and a name');
  const query = new URLSearchParams(match[2] ?? '');
  const unknown = [...query.keys()].find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) throw bad(`the test camera knows no ${unknown.slice(0, 40)}`);
  const audio = query.get('audio') ?? 'on';
  if (audio !== 'on' && audio !== 'off') throw bad('audio is on or off');
  return {
    name: name.slice(0, 40),
    width: even(number(query, 'width', WIDTH)),
    height: even(number(query, 'height', HEIGHT)),
    fps: number(query, 'fps', FPS),
    gopSeconds: number(query, 'gop', GOP),
    audio: audio === 'on',
  };
}

function number(query: URLSearchParams, name: string, { otherwise, least, most }: NumberRange): number {
  const text = query.get(name);
  const value = text === null ? otherwise : Number(text);
  if (text === '' || !(value >= least && value <= most)) {
    throw bad(`${name} is a number from ${String(least)} to ${String(most)}`);
  }
  return value;
}

const even = (side: number): number => Math.round(side / 2) * 2;

const bad = (what: string): SourceError => new SourceError('bad_url', `The address is not valid: ${what}.`);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
