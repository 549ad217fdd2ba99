#!/bin/bash
#SBATCH --job-name="evaluate all (v2)"
#SBATCH --dependency=afterok:12:13,afterany:14
#SBATCH --begin=now+1hour
#SBATCH --deadline=2026-08-25T18:00:00
#SBATCH --gpus-per-node=a100:2
#SBATCH --time=1-12
python evaluate.py
