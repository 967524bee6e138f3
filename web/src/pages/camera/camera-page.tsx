import { Center, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearchParams } from 'wouter';
import { camerasQuery } from '../../api/queries.ts';
import { explain } from '../../api/client.ts';
import { NotFound } from '../not-found.tsx';
import { CameraView } from './camera-view.tsx';

/** One camera: live, and back in time; `?at=` begins at a moment. */
export function CameraPage() {
  const { id } = useParams();
  const [search] = useSearchParams();
  const { data: cameras, error } = useQuery(camerasQuery);
  if (error) return <Center mih="60dvh">{explain(error)}</Center>;
  if (!cameras) {
    return (
      <Center mih="60dvh">
        <Loader />
      </Center>
    );
  }
  const camera = cameras.find((candidate) => candidate.id === id);
  if (!camera) return <NotFound />;
  const at = Date.parse(search.get('at') ?? '');
  return (
    <CameraView key={`${camera.id} ${String(at)}`} camera={camera} startAt={Number.isNaN(at) ? null : at} />
  );
}
