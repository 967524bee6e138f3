import { describe, expect, it } from 'vitest';
import { RtpReceiver } from '../../../../../src/media/source/rtsp/rtp.ts';
import { rtpPacket } from '../../../../support/rtsp/payloads.ts';

function receiver() {
  const seen: string[] = [];
  let lost = 0;
  let malformed = 0;
  const one = new RtpReceiver(96, {
    payload: (data, start, end, timestamp, marker, gap) => {
      seen.push(
        `${data.toString('latin1', start, end)}@${String(timestamp)}${marker ? 'M' : ''}${gap ? ' gap' : ''}`,
      );
    },
    lost: (packets) => (lost += packets),
    malformed: () => (malformed += 1),
  });
  const push = (packet: Buffer) => {
    one.push(packet, 0, packet.length);
  };
  const send = (seq: number, more: { ssrc?: number; text?: string } = {}) => {
    push(rtpPacket({ seq, timestamp: seq, payload: Buffer.from(more.text ?? 'x'), ...more }));
  };
  return { one, seen, send, push, lost: () => lost, malformed: () => malformed };
}

describe('RtpReceiver', () => {
  it('hands on payloads behind contributing sources, extension and padding', () => {
    const { push, seen, malformed } = receiver();
    const packet = Buffer.from(
      'b2e00001000000020000000300000009000000080abc0001deadbeef' + '616263' + '000003',
      'hex',
    );
    push(packet);
    expect(seen).toEqual(['abc@2M']);
    expect(malformed()).toBe(0);
  });

  it.each([
    ['too short', '80600001000000020000'],
    ['another version', '40600001000000020000000361'],
    ['another payload type', '80610001000000020000000361'],
    ['sources beyond the end', '8f600001000000020000000361'],
    ['an extension beyond the end', '90600001000000020000000361'],
    ['an extension of absurd length', '9060000100000002000000030abcffff61'],
    ['padding beyond the beginning', 'a06000010000000200000003ff'],
  ])('passes over a packet with %s', (_, hex) => {
    const { push, seen, malformed } = receiver();
    push(Buffer.from(hex, 'hex'));
    expect(seen).toEqual([]);
    expect(malformed()).toBe(1);
  });

  it('counts what is missing, over the wrap of the numbers', () => {
    const { send, seen, lost, one } = receiver();
    for (const seq of [65_533, 65_534, 1, 2]) send(seq);
    expect(lost()).toBe(2);
    expect(seen.map((line) => line.endsWith('gap'))).toEqual([false, false, true, false]);
    expect(one.highest).toBe(65_536 + 2);
    expect(one.received).toBe(4);
  });

  it('ignores late and repeated packets', () => {
    const { send, seen, lost } = receiver();
    for (const seq of [10, 11, 11, 10, 5, 12]) send(seq);
    expect(seen).toHaveLength(3);
    expect(lost()).toBe(0);
  });

  it('believes a new sender or a far jump from its second packet on', () => {
    const { send, seen, malformed, one } = receiver();
    send(10);
    send(500, { ssrc: 7 });
    send(11);
    send(40_000);
    send(40_001);
    send(40_002);
    expect(seen).toEqual(['x@10', 'x@11', 'x@40001 gap', 'x@40002']);
    send(9, { ssrc: 8 });
    send(10, { ssrc: 8 });
    expect(one.ssrc).toBe(8);
    expect(malformed()).toBe(5);
  });
});
