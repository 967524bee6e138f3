import { describe, expect, it } from 'vitest';
import { controlUrl, parseRtspUrl } from '../../../../../src/media/source/rtsp/url.ts';
import { SourceError } from '../../../../../src/media/types.ts';

describe('RTSP addresses', () => {
  it.each([
    ['rtsp://cam/live', { host: 'cam', port: 554, url: 'rtsp://cam/live' }],
    ['RTSP://cam:8554', { host: 'cam', port: 8554, url: 'rtsp://cam:8554/' }],
    ['rtsp://cam?x=1&y=%20', { host: 'cam', port: 554, url: 'rtsp://cam/?x=1&y=%20' }],
    ['rtsp://[2001:db8::5]:554/a', { host: '2001:db8::5', port: 554, url: 'rtsp://[2001:db8::5]/a' }],
    ['rtsp://u@cam/a', { host: 'cam', username: 'u' }],
    ['rtsp://u:p%40%3a@cam/a', { host: 'cam', username: 'u', password: 'p@:', url: 'rtsp://cam/a' }],
    ['rtsp://u:a@b:c@cam/a', { host: 'cam', username: 'u', password: 'a@b:c' }],
    ['rtsp://u:100%@cam/a', { username: 'u', password: '100%' }],
  ])('takes %s apart', (text, expected) => {
    expect(parseRtspUrl(text)).toMatchObject(expected);
  });

  it.each([
    'http://cam/',
    'rtsp://',
    'rtsp://u:secret@/x',
    'rtsp://u:secret@cam:0/',
    'rtsp://u:secret@cam:99999/',
    'rtsp://u:secret@cam:port/',
    'rtsp://u:secret@cam/a b',
    'rtsp://u:secret@cam/a\r\nTEARDOWN',
    'rtsp://u:secret@[::1/',
  ])('refuses %j without telling the password', (text) => {
    try {
      parseRtspUrl(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SourceError);
      expect(error).toMatchObject({ code: 'bad_url' });
      expect(String(error)).not.toContain('secret');
    }
  });

  it('appends controls to the base, as cameras expect it', () => {
    expect(controlUrl('rtsp://cam/a?x=1', 'track1')).toBe('rtsp://cam/a?x=1/track1');
    expect(controlUrl('rtsp://cam/a/', '/track1')).toBe('rtsp://cam/a/track1');
    expect(controlUrl('rtsp://cam/a', '*')).toBe('rtsp://cam/a');
    expect(controlUrl('rtsp://cam/a', '')).toBe('rtsp://cam/a');
    expect(controlUrl('rtsp://cam/a', 'rtsp://cam/other')).toBe('rtsp://cam/other');
  });
});
