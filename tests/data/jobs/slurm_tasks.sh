#!/bin/bash
#SBATCH --ntasks=8 --gpus-per-task=1
#SBATCH --cpus-per-task=12
#SBATCH --mem-per-gpu=64G
#SBATCH --gpu-bind=single:1
#SBATCH --exclusive
#SBATCH --time=2-00:00:00

export MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun python train.py
