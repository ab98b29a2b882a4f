import { notifications } from '@mantine/notifications';
import { sayProblem } from '../data/problem.ts';

/** Says why what was clicked was not done, where there is no form to say it in. */
export const refused = (error: unknown): string =>
  notifications.show({ color: 'brick', message: sayProblem(error) });
