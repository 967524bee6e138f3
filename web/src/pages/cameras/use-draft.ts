import { useCallback, useEffect, useState } from 'react';
import { checkDraft, isChanged, type CameraDraft, type FieldErrors } from './draft.ts';

export interface Draft {
  readonly draft: CameraDraft;
  readonly changed: boolean;
  readonly set: (change: Partial<CameraDraft>) => void;
  /** Begins anew from what is stored now. */
  readonly reset: (from: CameraDraft) => void;
  readonly start: CameraDraft;
  /** Errors found here; empty until the person has tried to save. */
  readonly errors: FieldErrors;
  /** True when it may be sent. */
  readonly check: () => boolean;
}

/** What is being written; a page that is left with changes asks first. */
export function useDraft(from: CameraDraft): Draft {
  const [start, setStart] = useState(from);
  const [draft, setDraft] = useState(from);
  const [checked, setChecked] = useState(false);
  const changed = isChanged(start, draft);
  const found = checkDraft(draft);
  useEffect(() => {
    if (!changed) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [changed]);
  const set = useCallback((change: Partial<CameraDraft>) => {
    setDraft((before) => ({ ...before, ...change }));
  }, []);
  const reset = useCallback((next: CameraDraft) => {
    setStart(next);
    setDraft(next);
    setChecked(false);
  }, []);
  return {
    draft,
    start,
    changed,
    set,
    reset,
    errors: checked ? found : {},
    check: () => {
      setChecked(true);
      return Object.keys(found).length === 0;
    },
  };
}
