import type { z } from 'zod';
import type { ActionDefinition } from '../../contracts/define.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { type Caller, maySee } from '../../contracts/rights.ts';
import { camerasIn } from './access.ts';

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

export interface VisibleResult {
  readonly value: unknown;
  /** Items of cameras that the caller may not see; the service should have left them out. */
  readonly hidden: number;
}

/**
 * What of a result a caller may see: the second look behind the service's own.
 * @throws SightmeshError `forbidden` when the result as a whole belongs to another camera
 */
export function visibleResult(
  { resultCamera, resultActor }: Pick<ActionDefinition, 'resultCamera' | 'resultActor'>,
  value: unknown,
  caller: Caller | undefined,
): VisibleResult {
  const field = resultCamera ?? resultActor;
  if (field === undefined || caller?.cameras === '*') return { value, hidden: 0 };
  const visible = (part: unknown): boolean => {
    const name = fieldsOf(part)?.[field];
    const cameras = camerasIn(resultCamera === undefined ? String(name).split('.')[1] : name);
    return caller !== undefined && cameras.length > 0 && cameras.every((camera) => maySee(caller, camera));
  };
  const fields = fieldsOf(value);
  if (Array.isArray(fields?.['items'])) {
    const items = fields['items'].filter(visible);
    return { value: { ...fields, items }, hidden: fields['items'].length - items.length };
  }
  if (!visible(value)) throw new SightmeshError('forbidden', 'this camera is not one of yours');
  return { value, hidden: 0 };
}

const fieldsOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
