import { labelColour } from './labels.ts';

export function LabelDot({ label }: { label: string }) {
  return (
    <i
      aria-hidden
      style={{
        display: 'inline-block',
        flex: 'none',
        width: 9,
        height: 9,
        borderRadius: '50%',
        background: labelColour(label),
      }}
    />
  );
}
