export interface CheckResult {
  /** `missing`: a node cannot do its job. `warning`: it can, with less. */
  readonly status: 'ok' | 'warning' | 'missing';
  /** What was found, one sentence. */
  readonly message: string;
  /** What to do, when something is to be done. */
  readonly fix?: string;
}

export interface Check {
  readonly name: string;
  readonly run: () => Promise<CheckResult> | CheckResult;
}

export interface NamedResult extends CheckResult {
  readonly name: string;
}

/** Runs all; a check that throws is itself missing. */
export const runChecks = (checks: readonly Check[]): Promise<NamedResult[]> =>
  Promise.all(
    checks.map(async ({ name, run }) => {
      try {
        return { name, ...(await run()) };
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        return { name, status: 'missing' as const, message };
      }
    }),
  );

export const ok = (message: string): CheckResult => ({ status: 'ok', message });
export const warning = (message: string, fix: string): CheckResult => ({ status: 'warning', message, fix });
export const missing = (message: string, fix: string): CheckResult => ({ status: 'missing', message, fix });
