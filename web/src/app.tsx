import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { Waiting } from './components/page.tsx';
import { NotFound } from './pages/not-found.tsx';
import { WallPage } from './pages/wall/wall-page.tsx';
import { Login, Starting } from './session/login.tsx';
import { UserContext, useSessionQuery } from './session/session.ts';
import { Guard } from './shell/guard.tsx';
import { Shell } from './shell/shell.tsx';

const CameraPage = lazy(() =>
  import('./pages/camera/camera-page.tsx').then(({ CameraPage: page }) => ({ default: page })),
);
const EventsPage = lazy(() =>
  import('./pages/events/events-page.tsx').then(({ EventsPage: page }) => ({ default: page })),
);
const CamerasPage = lazy(() =>
  import('./pages/cameras/cameras-page.tsx').then(({ CamerasPage: page }) => ({ default: page })),
);
const NewCameraPage = lazy(() =>
  import('./pages/cameras/new-camera-page.tsx').then(({ NewCameraPage: page }) => ({ default: page })),
);
const CameraSettingsPage = lazy(() =>
  import('./pages/cameras/camera-settings-page.tsx').then(({ CameraSettingsPage: page }) => ({
    default: page,
  })),
);
const SystemPage = lazy(() =>
  import('./pages/system/system-page.tsx').then(({ SystemPage: page }) => ({ default: page })),
);
const UsersPage = lazy(() =>
  import('./pages/users/users-page.tsx').then(({ UsersPage: page }) => ({ default: page })),
);
const AccountPage = lazy(() =>
  import('./pages/account/account-page.tsx').then(({ AccountPage: page }) => ({ default: page })),
);

/** Everything hangs on who is logged in. */
export function App() {
  const { user, error } = useSessionQuery();
  if (user === undefined) return <Starting error={error} />;
  if (user === null) return <Login />;
  return (
    <UserContext value={user}>
      <Shell>
        <Suspense fallback={<Waiting />}>
          <Pages />
        </Suspense>
      </Shell>
    </UserContext>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <WallPage />
      </Route>
      <Route path="/events">
        <Guard right="events.view">
          <EventsPage />
        </Guard>
      </Route>
      <Route path="/cameras">
        <CamerasPage />
      </Route>
      <Route path="/cameras/new">
        <Guard right="cameras.manage">
          <NewCameraPage />
        </Guard>
      </Route>
      <Route path="/cameras/:id/settings">
        <Guard right="cameras.manage">
          <CameraSettingsPage />
        </Guard>
      </Route>
      <Route path="/cameras/:id">
        <CameraPage />
      </Route>
      <Route path="/system">
        <Guard right="system.view">
          <SystemPage />
        </Guard>
      </Route>
      <Route path="/users">
        <Guard right="users.manage">
          <UsersPage />
        </Guard>
      </Route>
      <Route path="/account">
        <AccountPage />
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}
