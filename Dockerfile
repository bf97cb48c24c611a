# One image for every process: `docker run paceline services.pacer` chooses the room; `services` is the whole house.
# The same commit, base image and SOURCE_DATE_EPOCH make the same files, byte by byte (docs/kubernetes.md, "The image").
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS requirements
WORKDIR /build
RUN python -m venv /venv
COPY requirements.lock .
# What is compiled is known by its source's hash, not by a time, whoever compiled it before; PYTHONHASHSEED keeps the
# order of sets.
RUN /venv/bin/pip install --no-cache-dir --no-compile --disable-pip-version-check --require-hashes -r requirements.lock \
    && /venv/bin/pip uninstall --yes --quiet setuptools pip \
    && PYTHONHASHSEED=0 python -m compileall -q -f -j 1 --invalidation-mode unchecked-hash /venv/lib

# What the pages are made with, from npm, which comes as a wheel: no other base image is needed.
FROM ${PYTHON_IMAGE} AS assets
WORKDIR /build
# npm trusts its own list of authorities, and those the base image trusts.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN python -m venv /venv
COPY requirements-assets.lock .
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-assets.lock
COPY services/__init__.py services/
COPY services/api/__init__.py services/api/
COPY services/api/web/__init__.py services/api/web/assets.json services/api/web/manifest.py services/api/web/fetching.py \
    services/api/web/
RUN PATH=/venv/bin:$PATH python -m services.api.web.fetching

# What the image holds of others, written down from what was installed.
FROM requirements AS sbom
RUN python -m venv /tools
COPY requirements-sbom.lock .
RUN /tools/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-sbom.lock
COPY pyproject.toml ./
COPY services/api/web/assets.json services/api/web/
COPY deploy/sbom.py deploy/
RUN /tools/bin/python deploy/sbom.py --venv /venv --out sbom.json

FROM ${PYTHON_IMAGE}
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    API_HOST=0.0.0.0 \
    OPS_HOST=0.0.0.0
WORKDIR /app
COPY --from=requirements /venv /venv
COPY services services
COPY shared shared
COPY demo demo
COPY examples/applications examples/applications
COPY paceline paceline
COPY --from=assets /build/services/api/web/vendor services/api/web/vendor
COPY --from=sbom /build/sbom.json sbom.json
# The file system may be read-only at run time: what is compiled is compiled now.
RUN PYTHONHASHSEED=0 python -m compileall -q -f -j 1 --invalidation-mode unchecked-hash services shared demo paceline
# Last, so that what they say changes no layer above.
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Paceline" \
      org.opencontainers.image.description="Outbound call campaigns, self-hosted: at the pace and in the hours its tenants set." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
USER 10001:10001
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "shared.observability.health", "http://127.0.0.1:9090/readyz"]
ENTRYPOINT ["python", "-m"]
CMD ["services"]
