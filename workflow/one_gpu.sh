# Sourced by a job that needs a GPU: it shall see one that no other job has, whichever is free first.
# Slurm gives a job its own. The lock lasts as long as a process of the job has the open file.
gpus="${CUDA_VISIBLE_DEVICES:-$(nvidia-smi --query-gpu=index --format=csv,noheader | paste -sd,)}"
while [[ "$gpus" == *,* ]]; do
  for gpu in ${gpus//,/ }; do
    exec {lock}>"${TMPDIR:-/tmp}/zcrepro-$(id -u)-gpu-$gpu.lock"
    if flock --nonblock "$lock"; then
      export CUDA_VISIBLE_DEVICES="$gpu"
      break 2
    fi
    exec {lock}>&-
  done
  sleep 2
done
