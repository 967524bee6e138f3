import { describe, expect, it } from 'vitest';
import { CameraInput } from '../../../../../src/contracts/entities.ts';
import { Sources } from '../../../../../src/media/source/index.ts';
import { parseTestAddress } from '../../../../../src/media/source/test/address.ts';
import { demoCameras } from '../../../../../src/media/source/test/demo.ts';
import { SourceError } from '../../../../../src/media/types.ts';

describe('test addresses', () => {
  it('has a default for everything but the name', () => {
    expect(parseTestAddress('test://yard')).toEqual({
      name: 'yard',
      width: 640,
      height: 360,
      fps: 10,
      gopSeconds: 2,
      audio: true,
    });
    expect(parseTestAddress('TEST://a%20b/x?width=321&height=181&fps=5&gop=0.5&audio=off')).toEqual({
      name: 'a b',
      width: 322,
      height: 182,
      fps: 5,
      gopSeconds: 0.5,
      audio: false,
    });
  });

  it.each([
    ['test://', /a name/],
    ['test://a?width=0', /width is a number from 64 to 1920/],
    ['test://a?fps=', /fps is a number/],
    ['test://a?fps=x', /fps is a number/],
    ['test://a?colour=red', /knows no colour/],
    ['test://a?audio=loud', /audio is on or off/],
  ])('refuses %s', (address, message) => {
    expect(() => parseTestAddress(address)).toThrow(SourceError);
    expect(() => parseTestAddress(address)).toThrow(message);
  });

  it('lists demo cameras that are valid and differ', () => {
    const cameras = demoCameras();
    expect(cameras.length).toBeGreaterThanOrEqual(3);
    expect(new Set(cameras.map((camera) => camera.id)).size).toBe(cameras.length);
    for (const camera of cameras) {
      expect(CameraInput.parse(camera)).toEqual(camera);
      expect(parseTestAddress(camera.url)).toMatchObject({ width: 640, height: 360 });
      expect(parseTestAddress(camera.subUrl ?? '')).toMatchObject({ width: 320, height: 180, fps: 5 });
    }
  });
});

describe('Sources', () => {
  it.each(['http://u:secret@host/', 'rtsp//u:secret@host', '', 'constructor://x'])('refuses %j', (url) => {
    const sources = new Sources();
    expect(() => sources.make({ url })).toThrow(/must begin with rtsp:\/\/ or test:\/\//);
    try {
      sources.make({ url });
    } catch (error) {
      expect(error).toMatchObject({ code: 'bad_url' });
      expect(String(error)).not.toContain('secret');
    }
  });
});
