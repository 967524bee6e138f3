import { describe, expect, it } from 'vitest';
import { header, parseHead, writeRequest } from '../../../../../src/media/source/rtsp/message.ts';

const head = (...lines: string[]) => parseHead(lines.join('\r\n'));

describe('RTSP messages', () => {
  it('reads answers, with repeated headers and odd spacing', () => {
    const message = head(
      'RTSP/1.0 401 Unauthorized',
      'CSeq:  7 ',
      'WWW-Authenticate: Digest realm="a"',
      'www-authenticate: Basic realm="b: c"',
      'no colon here',
      'Content-Length: 12',
    );
    expect(message).toMatchObject({ status: 401, reason: 'Unauthorized', method: '', contentLength: 12 });
    expect(message.headers.get('www-authenticate')).toEqual(['Digest realm="a"', 'Basic realm="b: c"']);
    expect(header({ ...message, body: '' }, 'cseq')).toBe('7');
  });

  it('reads requests of the camera, and answers without a reason', () => {
    expect(head('OPTIONS rtsp://a/b RTSP/1.0', 'CSeq: 1')).toMatchObject({ status: 0, method: 'OPTIONS' });
    expect(head('RTSP/2.0 200')).toMatchObject({ status: 200, reason: '' });
    expect(parseHead('RTSP/1.0 200 OK\nCSeq: 3').headers.get('cseq')).toEqual(['3']);
  });

  it.each([
    ['HTTP/1.1 200 OK'],
    ['RTSP/1.0 20 OK'],
    [''],
    ['GET / HTTP/1.1'],
    ['RTSP/1.0 200 OK', 'Content-Length: -1'],
    ['RTSP/1.0 200 OK', 'Content-Length: 1e9'],
    ['RTSP/1.0 200 OK', 'Content-Length: many'],
    ['RTSP/1.0 200 OK', ...Array.from({ length: 200 }, (_, i) => `X-${String(i)}: 1`)],
  ])('throws RangeError for %j', (...lines) => {
    expect(() => head(...lines)).toThrow(RangeError);
  });

  it('writes requests, and none that a value would break apart', () => {
    expect(writeRequest('PLAY', 'rtsp://a/b', 4, { Session: '1' })).toBe(
      'PLAY rtsp://a/b RTSP/1.0\r\nCSeq: 4\r\nUser-Agent: Sightmesh\r\nSession: 1\r\n\r\n',
    );
    expect(() => writeRequest('PLAY', 'rtsp://a/b', 4, { Session: '1\r\nEvil: 1' })).toThrow(TypeError);
  });
});
