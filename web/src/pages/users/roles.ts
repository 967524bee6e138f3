import type { Role } from '../../../../src/contracts/rights.ts';

/** The roles as the product has them, with what they mean for a person. */
export const ROLE_WORDS: Record<Role, { name: string; meaning: string }> = {
  admin: { name: 'Administrator', meaning: 'Everything: cameras, users and the system' },
  operator: {
    name: 'Operator',
    meaning: 'Live, playback and export; marks and names events; sees the state of the system',
  },
  viewer: { name: 'Viewer', meaning: 'Live, playback and events, of the chosen cameras' },
};

export const ROLE_NAMES: readonly Role[] = ['admin', 'operator', 'viewer'];
