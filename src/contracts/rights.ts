/** What a person may be allowed to do. An action that names no right cannot be reached from outside. */
export const RIGHTS = [
  'live',
  'playback',
  'export',
  'ptz',
  'events.view',
  'events.edit',
  'cameras.manage',
  'users.manage',
  'system.view',
  'system.manage',
] as const;

export type Right = (typeof RIGHTS)[number];

export const ROLES = ['admin', 'operator', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

export const ROLE_RIGHTS: Record<Role, readonly Right[]> = {
  admin: RIGHTS,
  operator: ['live', 'playback', 'export', 'ptz', 'events.view', 'events.edit', 'system.view'],
  viewer: ['live', 'playback', 'events.view'],
};

/** The caller of an action, in `ctx.meta.caller`. Absent for calls between services. */
export interface Caller {
  readonly user: string;
  readonly role: Role;
  readonly rights: readonly Right[];
  /** Camera ids, or `*` for all, those of the future included. */
  readonly cameras: '*' | readonly string[];
}

export const mayUse = (caller: Caller, right: Right): boolean => caller.rights.includes(right);

export const maySee = (caller: Caller | undefined, camera: string): boolean =>
  caller === undefined || caller.cameras === '*' || caller.cameras.includes(camera);
