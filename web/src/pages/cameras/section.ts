import type { CameraDraft, FieldErrors } from './draft.ts';

/** What every section of the form gets. */
export interface SectionProps {
  readonly draft: CameraDraft;
  readonly errors: FieldErrors;
  /** The camera comes from the configuration file. */
  readonly readOnly: boolean;
  readonly set: (change: Partial<CameraDraft>) => void;
}
