const WORDS: Record<string, string> = {
  login: 'Logged in',
  logout: 'Logged out',
  changePassword: 'Changed the own password',
  createUser: 'Added the user',
  updateUser: 'Changed the user',
  deleteUser: 'Removed the user',
  createCamera: 'Added the camera',
  updateCamera: 'Changed the camera',
  deleteCamera: 'Removed the camera',
  probeCamera: 'Tried an address',
  updateEvent: 'Changed the event',
  playbackMp4: 'Downloaded from',
};

/** An action of the audit trail, like `catalog.updateCamera`, in words; itself when there are none. */
export const auditWords = (action: string): string =>
  WORDS[action.slice(action.lastIndexOf('.') + 1)] ?? action;
