import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useEffect } from 'react';
import type { Right, Role } from '../../../src/contracts/rights.ts';
import { call, setLoggedOutHandler } from '../api/client.ts';

export interface SessionUser {
  readonly name: string;
  readonly role: Role;
  readonly rights: readonly Right[];
  readonly cameras: '*' | readonly string[];
}

export const SESSION_KEY = ['session'] as const;

/** Who is logged in: undefined while unknown, null when nobody is. */
export function useSessionQuery(): { user: SessionUser | null | undefined; error: Error | null } {
  const queries = useQueryClient();
  const { data, error } = useQuery({
    queryKey: SESSION_KEY,
    queryFn: ({ signal }) => call('session', {}, signal),
    staleTime: Infinity,
  });
  useEffect(() => {
    setLoggedOutHandler(() => queries.setQueryData(SESSION_KEY, { user: null }));
    return () => setLoggedOutHandler(() => undefined);
  }, [queries]);
  return { user: data?.user, error: data ? null : error };
}

export const UserContext = createContext<SessionUser | null>(null);

/** The person at the screen; only below the login. */
export function useUser(): SessionUser {
  const user = useContext(UserContext);
  if (!user) throw new Error('Nobody is logged in');
  return user;
}

export function useMay(): (right: Right) => boolean {
  const user = useUser();
  return useCallback((right) => user.rights.includes(right), [user]);
}

/** Ends the session here and on the server, and forgets what was read. */
export function useLogout(): () => void {
  const queries = useQueryClient();
  return useCallback(() => {
    const forget = (): void => {
      queries.clear();
      queries.setQueryData(SESSION_KEY, { user: null });
    };
    call('logout', {}).then(forget, forget);
  }, [queries]);
}
