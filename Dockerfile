# The image of site and worker; compose.yaml starts both. docs/deployment.md says how.
FROM python:3.11-slim AS build
# The address of PyTorch's CPU wheels, where no NVIDIA card is used: PyTorch's site names it.
ARG PIP_EXTRA_INDEX_URL=""
WORKDIR /build
COPY constraints.txt pyproject.toml README.md LICENSE ferscope.py ./
COPY fer_models fer_models
COPY webapp webapp
COPY checkpoints checkpoints
RUN python -m venv /opt/ferscope \
    && /opt/ferscope/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.11-slim
COPY --from=build /opt/ferscope /opt/ferscope
RUN useradd --uid 1000 --create-home ferscope \
    && install --directory --owner ferscope --group ferscope /data
ENV PATH=/opt/ferscope/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    FERSCOPE_JOBS=/data/jobs \
    FERSCOPE_CACHE=/data/cache \
    FERSCOPE_EVALUATIONS=/data/evaluations
USER 1000:1000
WORKDIR /data
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/healthz', timeout=8)"]
CMD ["ferscope", "app", "--address", "0.0.0.0", "--port", "8501"]
