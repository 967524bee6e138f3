import type { z } from 'zod';

export interface CheckedResult {
  readonly value: unknown;
  /** What differs from the contract, for the log. */
  readonly differences: readonly string[];
}

/**
 * What of a result may leave: fields that the contract does not know are taken out, whatever they hold, so that a
 * forgotten field never shows a secret.
 */
export function checkResult(schema: z.ZodType, result: unknown): CheckedResult {
  const parsed = schema.safeParse(result);
  if (parsed.success) return { value: parsed.data, differences: [] };
  const value = structuredClone(result);
  for (const issue of parsed.error.issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const place = issue.path.reduce<unknown>((inner, part) => fieldsOf(inner)?.[String(part)], value);
    for (const key of issue.keys) delete fieldsOf(place)?.[key];
  }
  return {
    value,
    differences: parsed.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`),
  };
}

const fieldsOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
