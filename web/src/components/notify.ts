import { notifications } from '@mantine/notifications';
import { explain } from '../api/client.ts';

export const notifyDone = (message: string): void => {
  notifications.show({ message, color: 'teal', autoClose: 3000 });
};

export const notifyFailed = (title: string, error: unknown): void => {
  notifications.show({ title, message: explain(error), color: 'red', autoClose: 8000 });
};
