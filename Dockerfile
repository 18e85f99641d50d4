# The image of the operator, the runtime and the emulator: one program, `tenantbot`.
# The same sources give the same layers: files are dated SOURCE_DATE_EPOCH and owned by root, and
# no step leaves logs or caches behind. With a registry or a CA of your own, give `docker build`
#   --secret id=npmrc,src=$HOME/.npmrc --secret id=ca,src=/path/to/ca.pem
ARG BASE=docker.io/library/node:24-slim

FROM ${BASE} AS dependencies
ARG SOURCE_DATE_EPOCH=0
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Install scripts fetch what only a checkout needs, and what is optional is Postgres's binaries,
# which only a standalone without a database of its own needs. What runs needs neither types, nor maps of
# other people's sources, nor their papers and tests.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    npm ci --omit=dev --omit=optional --ignore-scripts --cache=/tmp/npm && rm -rf /tmp/npm && \
    rm -rf node_modules/.bin node_modules/.package-lock.json && \
    find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \
      -o -name '*.map' -o -name '*.md' \) -delete && \
    find node_modules -type d \( -name test -o -name tests \) -prune -exec rm -rf {} + && \
    chmod -R u=rwX,go=rX . && find . -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +

FROM ${BASE} AS build
ARG SOURCE_DATE_EPOCH=0
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    npm ci --ignore-scripts --cache=/tmp/npm && rm -rf /tmp/npm
COPY . .
# Types are for `npm run check` to judge.
RUN node_modules/.bin/tsc -p tsconfig.build.json --noCheck && node scripts/build-page.mjs && \
    mkdir /out && mv bin crds dist package.json /out && chmod -R u=rwX,go=rX /out && \
    find /out -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +

FROM ${BASE}
ARG SOURCE_DATE_EPOCH=0
# Without an entry of its own the user would be in root's group.
RUN echo 'tenantbot:x:10001:' >> /etc/group && \
    echo 'tenantbot:x:10001:10001::/nonexistent:/usr/sbin/nologin' >> /etc/passwd && \
    touch -d "@${SOURCE_DATE_EPOCH}" /etc /etc/group /etc/passwd
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /out ./
# Stack traces name the lines of the sources.
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
USER 10001:10001
ENTRYPOINT ["node", "/app/bin/tenantbot.js"]
