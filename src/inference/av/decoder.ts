export * from '../../media/av/decoder.ts';
