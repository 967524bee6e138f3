# One node in a container, made by the same scripts as a checkout.
#   docker build -t sightmesh .
#   docker build -t sightmesh:cuda --build-arg RUNTIME=nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04 .
# The second has the CUDA libraries for engines that use a GPU (docker run --gpus all).
ARG RUNTIME=node:24-bookworm-slim

FROM node:24-bookworm-slim AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates g++ binutils ninja-build python3 python3-setuptools
WORKDIR /app
ENV XDG_CACHE_HOME=/app/.cache
COPY package.json package-lock.json .npmrc ./
COPY scripts scripts
COPY web web
RUN node scripts/prepare.mjs
RUN rm -rf .cache/sightmesh/mediasoup-build \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund
COPY moleculer.config.ts ./
COPY config config
COPY src src

FROM ${RUNTIME}
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app /app
RUN install -d -o 10001 -g 10001 -m 750 /data
USER 10001:10001
WORKDIR /app
ENV NODE_ENV=production XDG_CACHE_HOME=/app/.cache UV_THREADPOOL_SIZE=32 SIGHTMESH_DATA=/data
VOLUME /data
# Web, API and MSE; WebRTC.
EXPOSE 8080 8555/tcp 8555/udp
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["node", "scripts/healthcheck.mjs"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "src/cli/main.ts"]
CMD ["start"]
