import { z } from 'zod';
import { defineContract, Nothing } from './define.ts';
import { CameraList, list, Password, SessionInfo, Time, User, UserName } from './entities.ts';
import { RIGHTS, ROLES } from './rights.ts';

/** Users, logins and the audit trail. Bodies of login and session are answered by the gateway itself (cookie). */
export const accounts = defineContract({
  name: 'accounts',
  kind: 'service',
  actions: {
    login: {
      summary: 'Log in: sets a cookie and returns a bearer token',
      params: z.strictObject({
        username: z.string().max(64),
        password: z.string().max(256),
        otp: z.string().max(16).optional(),
      }),
      result: z.strictObject({ token: z.string(), expires: Time, user: SessionInfo.shape.user }),
      access: 'public',
      rest: 'POST /login',
    },
    logout: {
      summary: 'End this session',
      params: Nothing,
      result: Nothing,
      access: 'session',
      rest: 'POST /logout',
      status: 204,
    },
    session: {
      summary: 'Who is logged in; user is null when nobody is',
      params: Nothing,
      result: SessionInfo,
      access: 'public',
      rest: 'GET /session',
    },
    changePassword: {
      summary: 'Change one’s own password; other sessions end',
      params: z.strictObject({ current: z.string().max(256), password: Password }),
      result: Nothing,
      access: 'session',
      rest: 'POST /session/password',
      status: 204,
    },
    listUsers: {
      summary: 'Users',
      params: Nothing,
      result: list(User),
      access: 'users.manage',
      rest: 'GET /users',
    },
    createUser: {
      summary: 'Add a user',
      params: z.strictObject({
        name: UserName,
        password: Password,
        role: z.enum(ROLES).default('viewer'),
        cameras: CameraList.default('*'),
      }),
      result: User,
      access: 'users.manage',
      rest: 'POST /users',
      status: 201,
    },
    updateUser: {
      summary: 'Change a user; a new password or role ends the user’s sessions',
      params: z.strictObject({
        name: UserName,
        password: Password.optional(),
        role: z.enum(ROLES).optional(),
        cameras: CameraList.optional(),
        disabled: z.boolean().optional(),
      }),
      result: User,
      access: 'users.manage',
      rest: 'PATCH /users/:name',
    },
    deleteUser: {
      summary: 'Remove a user',
      params: z.strictObject({ name: UserName }),
      result: Nothing,
      access: 'users.manage',
      rest: 'DELETE /users/:name',
      status: 204,
    },
    /** For the gateway only, for each request: the token is an HS256 JWT whose `jti` is the id of a live session. */
    authenticate: {
      summary: 'Whom a token belongs to; null when it is wrong, expired or ended, or its user is disabled',
      params: z.strictObject({ token: z.string().max(4096) }),
      result: z.strictObject({
        caller: z
          .strictObject({
            user: z.string(),
            role: z.enum(ROLES),
            rights: z.array(z.enum(RIGHTS)),
            cameras: CameraList,
          })
          .nullable(),
        /** Id of the session, for `ctx.meta.session`. */
        session: z.string().nullable(),
      }),
    },
    listAudit: {
      summary: 'Who did what, newest first',
      params: z.strictObject({
        limit: z.coerce.number().int().min(1).max(500).default(100),
        cursor: z.string().max(100).optional(),
      }),
      result: list(
        z.strictObject({
          id: z.string(),
          time: Time,
          user: z.string(),
          action: z.string(),
          target: z.string().nullable(),
          address: z.string().nullable(),
          ok: z.boolean(),
        }),
      ),
      access: 'users.manage',
      rest: 'GET /audit',
    },
  },
});
