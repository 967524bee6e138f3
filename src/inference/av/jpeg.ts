export * from '../../media/av/jpeg.ts';
