import { Route, Switch } from 'wouter';
import { Login, Starting } from './session/login.tsx';
import { UserContext, useSessionQuery } from './session/session.ts';
import { Shell } from './shell/shell.tsx';
import { CameraPage } from './pages/camera/camera-page.tsx';
import { NotFound } from './pages/not-found.tsx';
import { WallPage } from './pages/wall/wall-page.tsx';

/** Everything hangs on who is logged in. */
export function App() {
  const { user, error } = useSessionQuery();
  if (user === undefined) return <Starting error={error} />;
  if (user === null) return <Login />;
  return (
    <UserContext value={user}>
      <Shell>
        <Switch>
          <Route path="/" component={WallPage} />
          <Route path="/cameras/:id" component={CameraPage} />
          <Route component={NotFound} />
        </Switch>
      </Shell>
    </UserContext>
  );
}
