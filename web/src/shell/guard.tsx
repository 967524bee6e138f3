import type { ReactNode } from 'react';
import type { Right } from '../../../src/contracts/rights.ts';
import { NotFound } from '../pages/not-found.tsx';
import { useMay } from '../session/session.ts';

/** A page that needs a right; the server refuses its data anyway. */
export function Guard({ right, children }: { right: Right; children: ReactNode }) {
  const may = useMay();
  return may(right) ? children : <NotFound />;
}
