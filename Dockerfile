# One image for every process: `docker run paceline services.pacer` chooses the room; `services` is the whole house.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS requirements
RUN python -m venv /venv
COPY requirements.lock .
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock \
    && /venv/bin/pip uninstall --yes --quiet pip

# What the pages are made with, from npm, which comes as a wheel: no other base image is needed.
FROM ${PYTHON_IMAGE} AS assets
RUN python -m venv /venv
COPY requirements-assets.lock .
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-assets.lock
COPY services/__init__.py services/
COPY services/api/__init__.py services/api/
COPY services/api/web/__init__.py services/api/web/assets.json services/api/web/manifest.py services/api/web/fetching.py \
    services/api/web/
RUN PATH=/venv/bin:$PATH python -m services.api.web.fetching

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
COPY paceline paceline
COPY --from=assets /services/api/web/vendor services/api/web/vendor
# The file system may be read-only at run time: what is compiled is compiled now.
RUN python -m compileall -q services shared demo paceline
USER 10001:10001
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "shared.observability.health", "http://127.0.0.1:9090/readyz"]
ENTRYPOINT ["python", "-m"]
CMD ["services"]
