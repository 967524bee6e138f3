export * from '../../media/av/scaler.ts';
